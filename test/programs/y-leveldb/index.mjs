export class LeveldbPersistence {}
