/** A reader that has seen enough, such as `head`, closes the pipe; what is being done goes on to its end. */
export function ignoreClosedOutput(): void {
	const ignore = ({ code }: NodeJS.ErrnoException) => {
		if (code !== 'EPIPE') process.exitCode = 1;
	};
	process.stdout.on('error', ignore);
	process.stderr.on('error', ignore);
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
