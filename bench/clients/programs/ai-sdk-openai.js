import { openai } from '@ai-sdk/openai';
import { runAiSdk } from './ai-sdk.js';

await runAiSdk(openai);
