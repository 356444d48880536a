import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-roost';
import { ReportsService } from './reports.service.js';

@Module({
  imports: [CacheModule.forRoot({ namespace: 'dev:reports' })],
  providers: [ReportsService],
})
export class AppModule {}
