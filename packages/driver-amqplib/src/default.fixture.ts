import { amqplibDriver } from './driver.ts';

/** In the place of the default driver, where the tests of core, master and rpc run on this one: `LEVERET_DRIVER=amqplib`. */
export const rabbitmqClientDriver = amqplibDriver();
