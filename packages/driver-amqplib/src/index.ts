export { type AmqplibDriverOptions, amqplibDriver, type Mechanism } from './driver.ts';
