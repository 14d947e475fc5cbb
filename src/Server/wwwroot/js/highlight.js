// Colours for code: comments, strings, numbers, key words. One scanner with a few habits per family of languages.

const words = {
  c: `abstract as async await auto base bool boolean break byte case catch char class const constexpr continue default
    defer delegate delete do double else enum event explicit export extends extern false final finally float fn for
    foreach from func function get go goto if impl implements import in inline int interface internal is let lock long
    loop match mod module mut namespace new nil null nullptr object of operator out override package params private
    protected pub public readonly record ref return sealed select self set short signed sizeof static string struct
    super switch template this throw throws trait true try type typedef typeof undefined union unsafe unsigned use
    using var virtual void volatile when where while with yield`,
  python: `and as assert async await break class continue def del elif else except False finally for from global if
    import in is lambda match None nonlocal not or pass raise return self True try while with yield`,
  shell: `case do done elif else esac export fi for function if in local return set then until while echo cd exit`,
  sql: `add all alter and as asc begin between by case commit create delete desc distinct drop else end exists false
    from full group having if in index inner insert into is join left like limit not null offset on or order outer
    primary references right rollback select set table then true union unique update values view when where with`,
  data: "true false null yes no on off",
};

const families = {
  python: ["python", "py"], shell: ["sh", "bash", "shell", "zsh", "console", "dockerfile"], sql: ["sql"],
  data: ["json", "yaml", "yml", "toml", "ini"], markup: ["html", "xml", "svg"], plain: ["", "text", "txt", "plain", "markdown", "md"],
};

const sets = Object.fromEntries(Object.entries(words).map(([name, list]) => [name, new Set(list.split(/\s+/))]));
const string = /"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?/.source;
const number = /\b(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\w*/.source;
const word = /[A-Za-z_$][\w$]*/.source;
const scanner = (comment, strings = string) => new RegExp(`(${comment})|(${strings})|(${number})|(${word})`, "g");
const hash = /#[^\n]*/.source;
const scanners = {
  c: scanner(/\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/.source),
  python: scanner(hash, `"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|${string}`),
  shell: scanner(hash),
  sql: scanner(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/.source),
  data: scanner(hash),
  markup: scanner(/<!--[\s\S]*?(?:-->|$)/.source),
};

/** The family of a language's name; C-like where it is not known. */
function familyOf(language) {
  const name = language.toLowerCase();
  for (const [family, names] of Object.entries(families)) if (names.includes(name)) return family;
  return "c";
}

/** Fills an element with coloured code. Long code stays plain: colours are not worth a pause. */
export function highlight(into, code, language) {
  const family = familyOf(language);
  if (family === "plain" || code.length > 60_000) {
    into.textContent = code;
    return;
  }
  const set = sets[family] ?? new Set();
  const parts = document.createDocumentFragment();
  let end = 0;
  for (const match of code.matchAll(scanners[family])) {
    const [text, comment, quoted, figure, name] = match;
    const known = name && (set.has(name) || (family === "sql" && set.has(name.toLowerCase())));
    const kind = comment ? "c" : quoted ? "s" : figure ? "n" : known ? "k" : null;
    if (!kind) continue;
    if (match.index > end) parts.append(code.slice(end, match.index));
    const span = document.createElement("span");
    span.className = `t-${kind}`;
    span.textContent = text;
    parts.append(span);
    end = match.index + text.length;
  }
  parts.append(code.slice(end));
  into.replaceChildren(parts);
}
