import { describeEarlyFaults } from './describe-early-faults.ts';
import { everyFault } from './fault-share.ts';

describeEarlyFaults(everyFault);
