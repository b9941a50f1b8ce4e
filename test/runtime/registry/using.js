// A separate module, because not every runtime can parse `using`.

export function callInUsingBlock(service, outcome, read) {
  using call = service.startCall();
  call.record(outcome);
  return read();
}
