/** A scenario is a file: `{ name, run(bench) }`, and `run` gives `{ tables, targets, data }`, see support/report.mjs. */
import { evictTag } from './evict-tag.mjs';
import { fleet } from './fleet.mjs';
import { frozen } from './frozen.mjs';
import { getMany } from './get-many.mjs';
import { growthOfL1 } from './growth-of-l1.mjs';
import { growthOfPatterns } from './growth-of-patterns.mjs';
import { growthOfTags } from './growth-of-tags.mjs';
import { l1Hit, l1Page } from './l1-hit.mjs';
import { l1Memory } from './l1-memory.mjs';
import { l1Tags } from './l1-tags.mjs';
import { l2HitMany, l2HitOne } from './l2-hit.mjs';
import { l2Tags } from './l2-tags.mjs';
import { miss } from './miss.mjs';

export const SCENARIOS = [
  l1Hit,
  l1Page,
  l1Tags,
  l2HitOne,
  l2HitMany,
  l2Tags,
  miss,
  getMany,
  fleet,
  evictTag,
  l1Memory,
  frozen,
  growthOfL1,
  growthOfTags,
  growthOfPatterns,
];
