using Microsoft.Extensions.Options;

namespace Saga.Api.Tokens;

/// <summary>Whose tokens are accepted. Section <c>Saga:Auth</c>.</summary>
public sealed class AuthOptions
{
    public const string Section = "Saga:Auth";

    /// <summary>The OIDC issuer, exactly as tokens name it, such as <c>https://id.example.com/realms/saga</c>.</summary>
    public string Authority { get; set; } = "";

    /// <summary>Must be among a token's audiences.</summary>
    public string Audience { get; set; } = "";

    /// <summary>False allows an issuer over plain http, but only on this machine.</summary>
    public bool RequireHttps { get; set; } = true;

    /// <summary>The longest lifetime of an accepted token, from its issue to its expiry.</summary>
    public int MaxTokenLifetimeMinutes { get; set; } = 1440;
}

internal sealed class AuthOptionsRules : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var broken = new List<string>();
        if (!Uri.TryCreate(options.Authority, UriKind.Absolute, out var authority) || authority.Scheme is not ("https" or "http")
            || authority.Query.Length > 0 || authority.Fragment.Length > 0 || authority.UserInfo.Length > 0)
            broken.Add("Saga:Auth:Authority must be the OIDC issuer's URL, such as https://id.example.com/realms/saga, without query or user.");
        else if (authority.Scheme == "http" && options.RequireHttps)
            broken.Add("Saga:Auth:Authority is http. Use https, or set Saga:Auth:RequireHttps to false for an issuer on this machine.");
        else if (authority.Scheme == "http" && !authority.IsLoopback)
            broken.Add("Saga:Auth:Authority is http and not on this machine: anyone between could sign tokens. Use https.");
        if (string.IsNullOrWhiteSpace(options.Audience))
            broken.Add("Saga:Auth:Audience must be the audience of tokens for this API, such as saga-api.");
        if (options.MaxTokenLifetimeMinutes is < 1 or > 525_600)
            broken.Add("Saga:Auth:MaxTokenLifetimeMinutes must be from 1 to 525600.");
        return broken.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(broken);
    }
}
