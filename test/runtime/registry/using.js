// A module of its own, because not every runtime can parse it.

export function callInUsingBlock(service, outcome, read) {
  using call = service.startCall();
  call.record(outcome);
  return read();
}
