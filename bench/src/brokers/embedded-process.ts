// An embedded broker that tells its URL to the process that started it, and ends with it.
import { startBroker } from '@leveret/broker';

const broker = await startBroker();
process.send?.(broker.url);
process.on('disconnect', () => void broker.close());
