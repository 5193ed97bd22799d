import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { runAiSdk } from './ai-sdk.js';

await runAiSdk(createOpenAICompatible({ name: 'breakwater', baseURL: process.env.OPENAI_BASE_URL }));
