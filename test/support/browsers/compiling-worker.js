// A worker whose policy allows WebAssembly: it compiles the core and sends the module to the page.

postMessage(await WebAssembly.compileStreaming(fetch("/core.wasm")));
