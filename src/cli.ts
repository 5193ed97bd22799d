#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=16 --no-allocation-site-pretenuring
// The flags, which `npm start` gives too, keep V8 from moving what belongs to one request among what lives long: without
// them the garbage of a request outlives it, and a third of the time under load goes into collecting it. The variables are
// for glibc, which would otherwise keep what large requests gave back: a hundred megabytes under load.
import nodeModule from 'node:module';

// `engines` in package.json, which npm only warns of. An older Node would fail on the first thing that it lacks.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
	process.stderr.write(`Breakwater needs Node 22.19 or newer, and this is Node ${process.versions.node}; update it.\n`);
	process.exit(1);
}

// Names are looked up on half of libuv's threads, two of four by default: a few names whose servers are silent would keep all
// others from being found. Read when the first thread is needed, which is not yet.
process.env.UV_THREADPOOL_SIZE ??= '32';

// Before anything else is loaded: compiled modules are kept between runs, which halves the time to the first answer.
nodeModule.enableCompileCache();
const { run } = await import('./cli/program.ts');
await run();
