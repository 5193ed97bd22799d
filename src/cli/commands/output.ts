/** A reader that has seen enough, such as `head`, closes the pipe; what is being done goes on to its end. */
export function ignoreClosedOutput(): void {
	const ignore = ({ code }: NodeJS.ErrnoException) => {
		if (code !== 'EPIPE') process.exitCode = 1;
	};
	process.stdout.on('error', ignore);
	process.stderr.on('error', ignore);
}
