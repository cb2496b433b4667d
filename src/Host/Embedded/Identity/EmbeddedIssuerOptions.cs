using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Saga.Workers.Identity.Embedded;

namespace Saga.Host.Embedded.Identity;

/// <summary>The embedded token issuer. Section <c>Saga:Identity:Embedded</c>.</summary>
public sealed class EmbeddedIssuerOptions
{
    public const string Section = "Saga:Identity:Embedded";
    public const string DefaultAudience = "saga";

    /// <summary>The issuer in tokens: this host's address on this machine, followed by <see cref="EmbeddedIssuer.Path"/>. Derived from <c>Saga:Api:Address</c> by default.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The folder for the signing keys and the clients' secrets, readable by the owner only.</summary>
    [Required(ErrorMessage = Section + ":Folder must be a folder used only by this host, for signing keys and secrets.")]
    public string Folder { get; set; } = "";

    [Required(ErrorMessage = Section + ":Audience must be the audience of issued tokens, such as saga.")]
    public string Audience { get; set; } = DefaultAudience;

    [Range(1, 1440, ErrorMessage = Section + ":TokenLifetimeMinutes must be 1 to 1440 minutes.")]
    public int TokenLifetimeMinutes { get; set; } = 60;

    /// <summary>How long a key signs before the next one takes over.</summary>
    [Range(1, 3650, ErrorMessage = Section + ":KeyLifetimeDays must be 1 to 3650 days.")]
    public int KeyLifetimeDays { get; set; } = 90;

    /// <summary>How long a key is published before it signs. Must be longer than verifiers cache the key set.</summary>
    [Range(1, 1440, ErrorMessage = Section + ":KeyLeadMinutes must be 1 to 1440 minutes.")]
    public int KeyLeadMinutes { get; set; } = 120;

    /// <summary>How many wrong secrets of one client within a minute, wherever they come from, are answered with 401. Further ones get 429.</summary>
    [Range(1, 1000, ErrorMessage = Section + ":FailuresPerMinute must be 1 to 1000.")]
    public int FailuresPerMinute { get; set; } = 10;

    /// <summary>Clients in addition to the default ones, <c>saga-admin</c>, <c>saga-operator</c>, <c>saga-auditor</c> and <c>saga-viewer</c>.</summary>
    public IList<EmbeddedClientOptions> Clients { get; } = [];

    /// <summary>The value of <c>Saga:Mode</c>.</summary>
    internal string? Mode { get; set; }
}

public sealed class EmbeddedClientOptions
{
    public string Id { get; set; } = "";

    /// <summary>At least 16 characters, 8 of them different.</summary>
    public string Secret { get; set; } = "";

    public IList<string> Roles { get; } = [];

    /// <summary>
    /// The address of a user in the embedded directory, such as a tenant's administrator. The client's tokens are then the user's, and
    /// name the user's organisations and groups like Keycloak's. People cannot sign in to the embedded issuer themselves.
    /// </summary>
    public string? User { get; set; }
}

internal sealed class EmbeddedIssuerRules : IValidateOptions<EmbeddedIssuerOptions>
{
    private const int ShortestSecret = 16;
    private const int DifferentCharacters = 8;

    public ValidateOptionsResult Validate(string? name, EmbeddedIssuerOptions options)
    {
        var broken = new List<string>();
        if (!EmbeddedDirectoryOptions.Allows(options.Mode))
            broken.Add($"{EmbeddedDirectoryOptions.ModeKey} is '{options.Mode}', but the embedded token issuer requires it to be {EmbeddedDirectoryOptions.Modes}.");
        if (!Uri.TryCreate(options.Issuer, UriKind.Absolute, out var issuer) || !issuer.IsLoopback || issuer.Scheme is not ("http" or "https")
            || issuer.AbsolutePath != EmbeddedIssuer.Path || issuer.Query.Length > 0 || issuer.Fragment.Length > 0 || issuer.UserInfo.Length > 0)
        {
            broken.Add($"{EmbeddedIssuerOptions.Section}:Issuer must be this host's address on this machine followed by {EmbeddedIssuer.Path}, such as http://127.0.0.1:5080{EmbeddedIssuer.Path}.");
        }

        foreach (var client in options.Clients)
        {
            if (client.Id is not { Length: > 0 } || client.Id.Contains(':', StringComparison.Ordinal) || client.Secret is not { Length: >= ShortestSecret } || client.Secret.Distinct().Count() < DifferentCharacters)
                broken.Add($"{EmbeddedIssuerOptions.Section}:Clients: the client '{client.Id}' must have an Id without ':' and a Secret of at least {ShortestSecret} characters, {DifferentCharacters} of them different, such as the output of 'openssl rand -hex 32'.");
        }

        return broken.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(broken);
    }
}
