namespace Saga.Samples.Accounts;

/// <summary>A tenant's account in the team's system.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="Slug">What people call it.</param>
/// <param name="OpenedBy">The operation that opened it.</param>
public sealed record Account(Guid Tenant, string Slug, Guid OpenedBy);
