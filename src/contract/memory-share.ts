/** What one request has of the memory that all requests in flight may have together (`server.limits.memory`). */
export interface MemoryShare {
	/**
	 * @param bytes of its answer that are held in this process, all of them
	 * @returns false when they are too many: end the request, and hold them no longer
	 */
	holdAnswer(bytes: number): boolean;
}
