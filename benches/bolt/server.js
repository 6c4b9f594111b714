// The measure for `cargo bench --bench acknowledge`: Slack's own framework, which checks the signature of the same
// command and acknowledges it, and does nothing else. It asks nobody who it is, so no call leaves it.
import bolt from '@slack/bolt';

const app = new bolt.App({
  signingSecret: process.env.SIGNING_SECRET,
  authorize: async () => ({ botToken: 'xoxb-none', botId: 'B0', botUserId: 'U0' }),
  logLevel: 'error',
});
app.command('/reinstate', async ({ ack }) => ack());
await app.start({ port: Number(process.env.PORT), host: '127.0.0.1' });
