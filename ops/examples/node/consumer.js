// Reads one tenant's events through a durable consumer that is there already, acknowledges each one once it is
// processed, and stops cleanly on SIGTERM or Ctrl-C.
//
//   npm ci && node consumer.js nats://localhost:4222 TENANT_ACME billing
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const RETRY_MILLIS = 5_000;

// The application's work. The relay puts each event into the stream once, but an acknowledgement can be lost, so an
// event can be delivered twice: note its id in the transaction that does the work, and skip an id that is there.
async function work(message) {
  console.log(message.subject, message.headers?.get("Nats-Msg-Id"));
}

const [url, stream, durable] = process.argv.slice(2);
if (!url || !stream || !durable) {
  console.error("usage: node consumer.js NATS-URL STREAM CONSUMER");
  process.exit(2);
}

const connection = await connect({ servers: url, name: `example consumer ${durable}`, maxReconnectAttempts: -1 });

// Never creates one: how far a durable consumer has read is the server's to keep, and its settings the relay's.
let consumer;
try {
  consumer = await jetstream(connection).consumers.get(stream, durable);
} catch (error) {
  console.error(`cannot bind to consumer ${durable} of stream ${stream}: ${error.message}`);
  console.error("It is made with the stream, from outbox.consumer or outbox.consumers of the relay.");
  await connection.close();
  process.exit(1);
}

// Fetched ahead; keep it well below the consumer's max_ack_pending, and small enough to be processed in its ack_wait.
const messages = await consumer.consume({ max_messages: 100 });

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    stopping = true;
    messages.stop();
  });
}

for await (const message of messages) {
  if (stopping) {
    message.nak(); // fetched and not begun: it goes back at once, instead of after its ack_wait
    continue;
  }
  try {
    await work(message);
    message.ack();
  } catch (error) {
    console.error("not processed, trying again:", error);
    message.nak(RETRY_MILLIS); // the consumer's max_deliver ends this
  }
}

await connection.drain(); // acknowledgements are on their way before the connection closes
console.log("stopped");
