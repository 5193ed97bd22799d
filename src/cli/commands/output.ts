/**
 * A reader that has seen enough, such as `head`, closes the pipe, which is nobody's fault; what is being done goes on to its
 * end. Output that cannot be written for another reason makes the exit code 1, where the command has none of its own.
 */
export function ignoreClosedOutput(): void {
	const ignore = ({ code }: NodeJS.ErrnoException) => {
		if (code !== 'EPIPE') process.exitCode ??= 1;
	};
	process.stdout.on('error', ignore);
	process.stderr.on('error', ignore);
}

/** Calls back when the reader of standard output has gone, for commands that do nothing but print. */
export function onReaderGone(gone: () => void): void {
	process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
		if (code === 'EPIPE') gone();
	});
}

/** Ends in this exit code when what was asked for cannot be printed, but for a reader that has seen enough. */
export function reportUnwritten(what: string, exitCode: number): void {
	process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
		if (code === 'EPIPE') return;
		process.stderr.write(`The ${what} cannot be written: ${message}.\n`);
		process.exitCode = exitCode;
	});
}

/** Where a terminal has no width, or nobody looks at one. */
const DEFAULT_COLUMNS = 100;
const FEWEST_COLUMNS = 60;
const MOST_COLUMNS = 140;

/** How wide what is printed may be, characters. */
export function outputColumns(): number {
	return Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, process.stdout.columns ?? DEFAULT_COLUMNS));
}
