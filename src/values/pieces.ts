/** So many bytes of small pieces are put together to one. */
const BLOCK = 1024 ** 2;

const nothing = Buffer.alloc(0);

/**
 * A body in the pieces that it comes in. Of a large one they are put together block by block: thousands of small buffers would
 * leave holes in the memory of the process, which no allocator gives back.
 */
export class Pieces {
	readonly #blocks: Buffer[] = [];
	#loose: Buffer[] = [];
	#looseLength = 0;
	#length = 0;

	/** Bytes. */
	get length(): number {
		return this.#length;
	}

	add(bytes: Buffer): void {
		this.#loose.push(bytes);
		this.#looseLength += bytes.length;
		this.#length += bytes.length;
		if (this.#looseLength < BLOCK || this.#loose.length === 1) return;
		this.#blocks.push(Buffer.concat(this.#loose, this.#looseLength));
		this.#loose = [];
		this.#looseLength = 0;
	}

	/** All of it; of one piece that piece itself. */
	whole(): Buffer {
		const [first = nothing, second] = this.#blocks.length === 0 ? this.#loose : [...this.#blocks, ...this.#loose];
		return second === undefined ? first : Buffer.concat([...this.#blocks, ...this.#loose], this.#length);
	}
}
