import process from 'node:process';
import * as msgpack from '@leveret/codec-msgpack';
import * as core from '@leveret/core';
import * as rpc from '@leveret/rpc';
import { program } from './program.mjs';

console.log(`import: ${await program(core, rpc, msgpack, process.argv[2])}`);
