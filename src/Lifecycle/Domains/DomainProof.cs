using System.Security.Cryptography;
using Saga.Lifecycle.Intake;

namespace Saga.Lifecycle.Domains;

/// <summary>The TXT record by which the owner of a domain shows that a tenant may use it. Owners publish it, so it must not change.</summary>
public static class DomainProof
{
    private const string Prefix = "saga-domain=";

    /// <summary>A name below the domain, so that the record is beside the domain's own ones.</summary>
    public static string RecordName(string domain) => $"_saga-challenge.{domain}";

    public static string RecordText(string token) => Prefix + token;

    /// <summary>The registry's spelling of a domain; null for what is no domain.</summary>
    public static string? Spelling(string text) => DomainName.Normalize(text);

    /// <summary>A token that nobody can guess. Somebody who guessed it could publish it in advance.</summary>
    internal static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}
