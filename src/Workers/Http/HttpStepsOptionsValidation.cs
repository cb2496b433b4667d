using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Saga.Contracts.CustomSteps;

namespace Saga.Workers.Http;

internal sealed class HttpStepsOptionsValidation : IValidateOptions<HttpStepsOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpStepsOptions options)
    {
        var errors = new List<string>();
        foreach (var (secret, values) in options.Secrets)
        {
            if (!CustomNames.IsSecret(secret))
                errors.Add($"{HttpStepsOptions.Section}:Secrets: the name '{secret}' {CustomNames.SecretRule}.");
            if (values.Count == 0)
                errors.Add($"{HttpStepsOptions.Section}:Secrets:{secret} needs at least one secret.");
            for (var i = 0; i < values.Count; i++)
            {
                // The value is never printed.
                if (WebhookSecret.Parse(values[i]) is null)
                    errors.Add(string.Create(CultureInfo.InvariantCulture, $"{HttpStepsOptions.Section}:Secrets:{secret}:{i} {WebhookSecret.Rule}."));
            }
        }

        errors.AddRange(options.AllowedHosts.Where(h => Uri.CheckHostName(h.Trim('[', ']')) == UriHostNameType.Unknown).Select(h => $"{HttpStepsOptions.Section}:AllowedHosts: '{h}' is not the name or the address of a host, without scheme and port."));
        if (options.CaFile is { } file && FindFault(file) is { } fault)
            errors.Add($"{HttpStepsOptions.Section}:CaFile is '{file}': {fault}");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static string? FindFault(string file)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0 ? null : "it has no certificate in PEM form.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return error.Message;
        }
    }
}
