import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { ReportsService } from './reports.service.js';

const app = await NestFactory.createApplicationContext(AppModule);
const reports = app.get(ReportsService);
console.log(await Promise.all([reports.monthly('acme'), reports.monthly('acme')]));
console.log(await reports.monthly('acme'));
await app.close();
