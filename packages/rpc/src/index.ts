export { RPC } from './rpc.ts';
export { RemoteError } from './protocol.ts';
export type {
  AnyApi,
  AnyHandler,
  AnyRpcProxy,
  ArgsOf,
  Call,
  CallArguments,
  CallContext,
  CallOptions,
  MethodHandler,
  MethodName,
  RegisterOptions,
  ResultOf,
  RpcOptions,
  RpcProxy,
} from './types.ts';
