export { handshakeConformance } from './conformance/driver/handshake.ts';
export { deaf, silent, targetOf } from './conformance/driver/target.ts';
export { driverConformance } from './conformance/driver-conformance.ts';
