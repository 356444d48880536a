import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-roost';

@Injectable()
export class ReportsService {
  @Cacheable({ ttl: '1m' })
  async monthly(orgId: string): Promise<{ orgId: string; madeAt: Date }> {
    console.log(`making the report of ${orgId}`); // what takes long
    return { orgId, madeAt: new Date() };
  }
}
