using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Export;

/// <summary>A valid command, with its default filled in.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="DataTypes">Of <see cref="Export.DataTypes"/>, each once.</param>
/// <param name="Format">json or csv.</param>
/// <param name="UserId">Whose data it is limited to; null for everybody's.</param>
public sealed record ValidExport(TenantId TenantId, IReadOnlyList<string> DataTypes, string Format, string? UserId);
