namespace Saga.Host.Demo;

/// <summary>The tenant that an evaluation host provisions at its first start. Section <c>Saga:Demo</c>.</summary>
internal sealed class DemoOptions
{
    public const string Section = "Saga:Demo";
    public const string Slug = "demo";

    public bool Enabled { get; set; }

    /// <summary>A client of the issuer with the role platform-admin, for the grant <c>client_credentials</c>.</summary>
    public string? ClientId { get; set; }

    /// <summary>The file with the client's secret.</summary>
    public string? ClientSecretFile { get; set; }
}
