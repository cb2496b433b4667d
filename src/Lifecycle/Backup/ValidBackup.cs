using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Backup;

/// <summary>A valid command, with its default filled in.</summary>
public sealed record ValidBackup(TenantId TenantId, string? Note, bool IncludeObjects);
