// The reference for `cargo bench --bench acknowledge`: Slack's own framework. It checks the signature of the same
// command, acknowledges it, and does nothing else. It does not look up the user, so it makes no API calls.
import bolt from '@slack/bolt';

const app = new bolt.App({
  signingSecret: process.env.SIGNING_SECRET,
  authorize: async () => ({ botToken: 'xoxb-none', botId: 'B0', botUserId: 'U0' }),
  logLevel: 'error',
});
app.command('/reinstate', async ({ ack }) => ack());
await app.start({ port: Number(process.env.PORT), host: '127.0.0.1' });
