import type { LogFiles } from '../../../src/observe/log/log-files.ts';

/** Resolves when every line is written: a flush that meets a write on its way waits for that one alone. */
export async function flushed(files: LogFiles): Promise<void> {
	for (let times = 0; times < 2; times += 1) await new Promise((resolve) => files.flush(resolve));
}
