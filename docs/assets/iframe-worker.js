/* Search runs in a worker, which browsers refuse to pages opened from a folder. There a hidden frame takes its place. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.ready = this.#open(new URL(url, location.href).href);
    }

    postMessage(data) {
      this.ready.then((frame) => frame.dispatchEvent(new MessageEvent("message", { data })));
    }

    async #open(url) {
      const element = document.createElement("iframe");
      element.hidden = true;
      element.srcdoc = "<!doctype html><title>search</title>";
      const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
      document.body.append(element);
      await loaded;
      const frame = element.contentWindow;
      const load = (source) =>
        new Promise((resolve, reject) => {
          const script = frame.document.createElement("script");
          script.src = new URL(source, url).href;
          script.onload = resolve;
          script.onerror = reject;
          frame.document.head.append(script);
        });
      frame.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      frame.importScripts = async (...sources) => {
        for (const source of sources) await load(source);
      };
      await load(url);
      return frame;
    }
  };
}
