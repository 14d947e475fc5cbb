// A real `minka serve` in a process of its own, for one file of tests.
// Waits here are as long as the slowest machine may need; only what never comes reaches their ends.
import { spawn } from 'node:child_process';

const started = /^Serving .* at (http:\/\/[^\s;]+?)\/v1;/m;

// Resolves when the server takes requests; `stop` ends it.
export async function serve(...args) {
  const program = process.env.MINKA_PROGRAM;
  if (!program) throw new Error('MINKA_PROGRAM must name minka.dll; ./check clients does that.');
  const child = spawn(
    'dotnet', [program, 'serve', '--port', '0', '--threads', '1', '--drain-delay', '0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`minka serve did not say where it listens: ${output}`)), 120_000).unref();
    const read = (text) => {
      output += text;
      const found = started.exec(output);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`minka serve ended with ${code}: ${output}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.on('exit', resolve);
    child.kill('SIGTERM');
  });
  return { url, stop };
}

// Requests that the server is answering, or that wait, as its metrics tell.
export async function running(url, state = 'running', key = 'none') {
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
  return Number(new RegExp(`^vllm:num_requests_${state}\\{[^}]*\\} (\\d+)`, 'm').exec(metrics)[1]);
}

// Waits until something holds.
export async function until(holds, what) {
  for (let i = 0; i < 1200; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`A minute passed, and still not: ${what}`);
}

export const city = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
