import type { PartTokens } from '../tokens/estimate-tokens.ts';

/**
 * About what OpenAI counts for a picture of 1024 by 1024 in full detail, a minute and a half of sound and a page or two of a
 * file (https://platform.openai.com/docs/guides/images-vision#calculating-costs).
 */
export const openAiParts: PartTokens = new Map([
	['image_url', 765],
	['input_image', 765],
	['input_audio', 1000],
	['file', 1600],
	['input_file', 1600],
]);

/** About what Anthropic counts for a picture of full size, and for a page of a document (https://docs.claude.com/en/docs/build-with-claude/vision). */
export const anthropicParts: PartTokens = new Map([
	['image', 1600],
	['document', 1600],
]);

/** In requests that hold nothing but text. */
export const noParts: PartTokens = new Map();
