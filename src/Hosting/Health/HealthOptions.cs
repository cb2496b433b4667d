using Microsoft.Extensions.Options;
using Saga.Hosting.Startup;

namespace Saga.Hosting.Health;

/// <summary>Where a program without an API serves its health endpoints. Section <c>Saga:Health</c>.</summary>
public sealed class HealthOptions
{
    public const string Section = "Saga:Health";

    /// <summary>Such as <c>http://0.0.0.0:8081</c>. When empty, nothing listens, so that any number of these programs can run on one machine.</summary>
    public string Url { get; set; } = "";
}

internal sealed class HealthOptionsRules : IValidateOptions<HealthOptions>
{
    public ValidateOptionsResult Validate(string? name, HealthOptions options) => options.Url.Length == 0 || ListenAddress.Parse(options.Url) is { Scheme: "http" }
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{HealthOptions.Section}:{nameof(HealthOptions.Url)} must be an http address with a port, such as http://0.0.0.0:8081, or empty for none.");
}
