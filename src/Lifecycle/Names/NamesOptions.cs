namespace Saga.Lifecycle.Names;

/// <summary>Names that tenants may not have as slug or subdomain. Section <c>Saga:Names</c>.</summary>
public sealed class NamesOptions
{
    public const string Section = "Saga:Names";

    /// <summary>Names in addition to those of <see cref="ReservedNames.Defaults"/>.</summary>
    public IList<string> Reserved { get; } = [];

    /// <summary>Names of <see cref="ReservedNames.Defaults"/> that tenants may have in this installation.</summary>
    public IList<string> Released { get; } = [];

    /// <summary>How long nobody else gets the slug, the subdomain and the domain of a tenant that was deprovisioned.</summary>
    public int ReservedDays { get; set; } = 90;
}
