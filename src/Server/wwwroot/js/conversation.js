// A conversation as the API wants it, and as a person reads it.

import { shown } from "./messages.js";

/** The body of a request that asks for `message`, an assistant's, from everything before it. */
export function bodyOf(conversation, message, request, system) {
  const messages = system.trim() ? [{ role: "system", content: system.trim() }] : [];
  for (const one of conversation.messages) {
    if (one === message) break;
    if (one.role === "user") messages.push({ role: "user", content: one.content });
    else messages.push(...assistantTurns(shown(one)));
  }
  return { ...request, messages };
}

function assistantTurns(answer) {
  const calls = answer.calls.filter(call => call.result !== undefined);
  const turn = { role: "assistant", content: answer.content || (calls.length ? null : "") };
  if (calls.length)
    turn.tool_calls = calls.map(call => ({ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } }));
  return [turn, ...calls.map(call => ({ role: "tool", tool_call_id: call.id, content: call.result }))];
}

/** The conversation as a text to keep. */
export function asMarkdown(conversation) {
  const parts = conversation.messages.map(message => {
    if (message.role === "user") return `## You\n\n${message.content}`;
    const { content, calls } = shown(message);
    const called = calls.map(call => `\`${call.name}(${call.arguments})\`${call.result === undefined ? "" : `\n\n> ${call.result}`}`);
    return `## Assistant\n\n${[content, ...called].filter(Boolean).join("\n\n")}`;
  });
  return `# ${conversation.title}\n\n${parts.join("\n\n")}\n`;
}
