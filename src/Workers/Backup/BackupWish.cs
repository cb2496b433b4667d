namespace Saga.Workers.Backup;

/// <summary>What a command says about its backup. Commands of every kind may have these members.</summary>
/// <param name="Note">For people.</param>
/// <param name="IncludeObjects">Whether it has the contents of objects. When absent, the backup of a command that does more than a backup has them.</param>
internal sealed record BackupWish(string? Note = null, bool? IncludeObjects = null);
