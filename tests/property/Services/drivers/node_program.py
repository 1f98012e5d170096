"""A Node.js program: an HTTP server and its clients in one process, with timers, worker threads and the file system."""
from load import *

PROGRAM = r"""
const http = require('http'), fs = require('fs'), { Worker } = require('worker_threads');
const folder = process.argv[2], counts = { http: 0, file: 0, worker: 0 };
const stopping = () => fs.existsSync(folder + '/stop');
const tell = (name, value) => { fs.writeFileSync(folder + '/' + name + '.new', JSON.stringify(value)); fs.renameSync(folder + '/' + name + '.new', folder + '/' + name); };
const fail = e => { tell('verdict', [String(e && e.stack || e)]); process.exit(1); };
process.on('uncaughtException', fail);
const server = http.createServer((q, a) => { let n = 0; q.on('data', d => n += d.length); q.on('end', () => a.end(String(n))); });
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ask = () => { if (stopping()) return; const body = Buffer.alloc(counts.http % 100000, 1);
  const q = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent }, a => { let t = ''; a.on('data', d => t += d);
    a.on('end', () => { if (t !== String(body.length)) fail('wrong answer ' + t); counts.http++; setImmediate(ask); }); });
  q.on('error', fail); q.end(body); };
const write = async () => { while (!stopping()) { await fs.promises.writeFile(folder + '/f', String(counts.file)); if (await fs.promises.readFile(folder + '/f', 'utf8') !== String(counts.file)) fail('file'); counts.file++; } };
const worker = new Worker("const { parentPort } = require('worker_threads'); parentPort.on('message', n => { let s = 0; for (let i = 0; i < 10000; i++) s += i % 7; parentPort.postMessage(n + 1); });", { eval: true });
worker.on('message', n => { if (n !== counts.worker + 1) fail('worker'); counts.worker = n; worker.postMessage(n); });
worker.on('error', fail);
server.listen(0, '127.0.0.1', () => { ask(); write().catch(fail); worker.postMessage(0); });
setInterval(() => { if (stopping()) { tell('verdict', []); process.exit(0); } tell('progress', Math.min(...Object.values(counts))); }, 20);
"""
open(path("program.js"), "w").write(PROGRAM)
os.execvp("node", ["node", path("program.js"), folder])
