const { program } = require('./program.mjs');

program(
  require('@leveret/core'),
  require('@leveret/rpc'),
  require('@leveret/codec-msgpack'),
  process.argv[2],
).then((done) => console.log(`require: ${done}`));
