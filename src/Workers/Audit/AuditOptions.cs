using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Audit;

/// <summary>The proof of the audit log, and how long it is kept. Section <c>Saga:Audit</c>.</summary>
public sealed class AuditOptions
{
    public const string Section = "Saga:Audit";

    /// <summary>The ECDSA key on P-256 that signs the chain's heads: PKCS#8, as PEM or in base64. It must be nowhere in the registry. Without it nothing is signed.</summary>
    public string SigningKey { get; set; } = "";

    /// <summary>Public keys of heads that other keys signed, by any name: SubjectPublicKeyInfo, as PEM or in base64. For <c>Saga.Host check audit</c>.</summary>
    public Dictionary<string, string> PublicKeys { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How often lines are sealed, in seconds.</summary>
    [Range(1, 10, ErrorMessage = "Saga:Audit:SealSeconds must be from 1 to 10.")]
    public int SealSeconds { get; set; } = 5;

    /// <summary>How many days a line is kept; 0 to keep it indefinitely.</summary>
    [Range(0, 36_500, ErrorMessage = "Saga:Audit:RetentionDays must be from 0 (kept indefinitely) to 36500.")]
    public int RetentionDays { get; set; }

    /// <summary>The most lines that one transaction prunes.</summary>
    [Range(1, 10_000, ErrorMessage = "Saga:Audit:RetentionBatchSize must be from 1 to 10000.")]
    public int RetentionBatchSize { get; set; } = 500;

    /// <summary>Heads of former chains, which a restore of the registry cut short: ids that a person has compared and accepts. For <c>Saga.Host check audit</c>.</summary>
    public IList<string> AcceptedChains { get; } = [];
}

internal sealed class AuditOptionsRules : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options)
    {
        var broken = new List<string>();
        if (options.SigningKey.Length > 0 && !AuditKeys.IsPrivate(options.SigningKey))
            broken.Add($"{AuditOptions.Section}:SigningKey must be an ECDSA private key on P-256 in PKCS#8, as PEM or in base64, such as 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256' prints.");
        broken.AddRange(options.PublicKeys.Where(k => !AuditKeys.IsPublic(k.Value)).Select(
            k => $"{AuditOptions.Section}:PublicKeys:{k.Key} must be an ECDSA public key on P-256 in SubjectPublicKeyInfo, as PEM or in base64, such as 'openssl pkey -pubout' prints."));
        broken.AddRange(options.AcceptedChains.Where(c => !Guid.TryParseExact(c, "d", out _)).Select(
            c => $"{AuditOptions.Section}:AcceptedChains names '{c}', which is not the id of a chain. Saga.Host check audit prints the ids."));
        return broken.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(broken);
    }
}
