import { createApp } from './app.factory.js';
import { settings, type Settings } from './config/settings.js';
import { reportFailure } from './startup/report-failure.js';
import { logWelcome } from './startup/welcome.js';

async function main(): Promise<void> {
  const app = await createApp();
  app.enableShutdownHooks();
  const { port } = app.get<Settings>(settings.KEY);
  try {
    const server = await app.listen(port);
    logWelcome(app, `http://localhost:${server.address().port}`);
  } catch (error) {
    await app.close();
    throw error;
  }
}

main().catch((error: unknown) => {
  reportFailure(error);
  process.exit(1);
});
