/**
 * The order in which the events of a stream may come, written down once for each dialect: the writer cannot leave it, the
 * reader takes what leaves it for damaged, and tests hold every stream against it.
 */
export interface Grammar<Event> {
	/** The stream is whole: it may end here. */
	readonly isComplete: boolean;
	/**
	 * The next event.
	 * @returns what is wrong with it where it stands, for a developer; undefined where it may stand there, which is noted then
	 */
	next(event: Event): string | undefined;
}
