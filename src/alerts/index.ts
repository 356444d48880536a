export type { CacheAlert } from './cache-alert.js';
export type { AlertFacts, CacheAlertRule } from './alert-rule.js';
export { CacheAlerts } from './cache-alerts.js';
export { CacheAlertsModule } from './cache-alerts.module.js';
export type { CacheAlertsOptions } from './cache-alerts.options.js';
