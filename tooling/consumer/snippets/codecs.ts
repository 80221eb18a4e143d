// What stands around it.
import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();

// As it is documented.
const codec = jsonCodec(); // @leveret/codec-json
const small = msgpackCodec(); // @leveret/codec-msgpack
const zipped = gzipCodec(jsonCodec()); // @leveret/codec-gzip wraps any codec
new Master(channel, { codec: small, accept: [codec, zipped] }); // encodes msgpack, understands all three
