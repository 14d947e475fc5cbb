// The server, spoken to as any OpenAI client does. The key stays in this tab (sessionStorage) and goes to this server only.

const keyName = "minka.key";

export const key = {
  get: () => { try { return sessionStorage.getItem(keyName); } catch { return null; } },
  set: value => { try { sessionStorage.setItem(keyName, value); } catch { /* then it is asked for again */ } },
};

/** An answer that was not 200. */
export class Fault extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Fetches a path of this server with the key. */
export async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault(0, "The server cannot be reached.");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const message = body?.error?.message ?? `The server answered ${response.status}.`;
  throw new Fault(response.status, message, Number(response.headers.get("retry-after")) || null);
}

/** Names of the models, with the longest context each takes. */
export async function models() {
  const body = await (await ask("/v1/models")).json();
  return body.data.map(model => ({ id: model.id, context: model.max_model_len ?? null }));
}

/** Every `data:` of an event stream, parsed, until `[DONE]`. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

/**
 * Asks for an answer and tells it as it grows.
 * @param request body of /v1/chat/completions
 * @param answer filled: content, reasoning, calls, finish, stats
 * @param changed called after every change
 */
export async function stream(request, answer, signal, changed) {
  const begun = performance.now();
  const response = await ask("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  let first = null, last = null, pieces = 0;
  const tick = () => { last = performance.now(); first ??= last; pieces++; };
  try {
    for await (const event of events(response.body)) {
      if (event.error) throw new Fault(500, event.error.message);
      if (event.usage) answer.usage = event.usage;
      const choice = event.choices?.[0];
      if (!choice) continue;
      if (take(choice.delta ?? {}, answer)) tick();
      if (choice.finish_reason) answer.finish = choice.finish_reason;
      answer.stats = stats(begun, first, last, answer.usage, pieces);
      changed();
    }
  } finally {
    answer.stats = stats(begun, first, last, answer.usage, pieces);
  }
}

function take(delta, answer) {
  if (delta.content) answer.content += delta.content;
  const thought = delta.reasoning_content ?? delta.reasoning;
  if (thought) answer.reasoning += thought;
  for (const part of delta.tool_calls ?? []) {
    const call = answer.calls[part.index] ??= { id: "", name: "", arguments: "" };
    if (part.id) call.id = part.id;
    call.name += part.function?.name ?? "";
    call.arguments += part.function?.arguments ?? "";
  }
  return Boolean(delta.content || thought || delta.tool_calls?.length);
}

/** Times in seconds as the reader of this page saw them; tokens a second counts those after the first. */
function stats(begun, first, last, usage, pieces) {
  if (first === null) return null;
  const tokens = usage?.completion_tokens ?? pieces;
  const seconds = (last - first) / 1000;
  return {
    ttft: (first - begun) / 1000,
    total: (last - begun) / 1000,
    tokens,
    prompt: usage?.prompt_tokens ?? null,
    cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    speed: tokens > 1 && seconds > 0 ? (tokens - 1) / seconds : null,
  };
}
