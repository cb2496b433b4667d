using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Saga.Registry.Audit;
using Saga.Workers.Audit;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Audit;

public sealed class When_audit_keys_are_configured
{
    private static readonly AuditChainEnd End = new(Guid.CreateVersion7(), 7, AuditChain.Start, DateTimeOffset.UnixEpoch);

    [Fact]
    public void Should_sign_what_the_public_half_verifies()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var mark = Keys(signing: key.ExportPkcs8PrivateKeyPem()).Sign(AuditMark.Head, End);

        var verifier = Keys(known: key.ExportSubjectPublicKeyInfoPem());

        verifier.CanSign.ShouldBeFalse();
        verifier.Refusal(mark).ShouldBeNull();
        verifier.Refusal(mark with { Kind = AuditMark.Anchor }).ShouldBe("has a wrong signature", "a head is no anchor");
        verifier.Refusal(mark with { Number = 8 }).ShouldBe("has a wrong signature");
        Keys().Refusal(mark)!.ShouldContain("is not configured");
        key.VerifyData(mark.Text(), mark.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence).ShouldBeTrue();
    }

    [Fact]
    public void Should_refuse_what_is_no_key_on_P256()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var right = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new AuditOptions { SigningKey = other.ExportPkcs8PrivateKeyPem() };
        options.PublicKeys["old"] = "no key";
        options.AcceptedChains.Add("last");

        var refused = new AuditOptionsRules().Validate(null, options).Failures!.ToList();

        refused[0].ShouldStartWith("Saga:Audit:SigningKey must be an ECDSA private key on P-256");
        refused[1].ShouldStartWith("Saga:Audit:PublicKeys:old must be an ECDSA public key on P-256");
        refused[2].ShouldStartWith("Saga:Audit:AcceptedChains names 'last'");
        new AuditOptionsRules().Validate(null, new() { SigningKey = Convert.ToBase64String(right.ExportPkcs8PrivateKey()) }).Succeeded.ShouldBeTrue();
    }

    private static AuditKeys Keys(string signing = "", string? known = null)
    {
        var options = new AuditOptions { SigningKey = signing };
        if (known is not null)
            options.PublicKeys["former"] = known;
        return new(Options.Create(options));
    }
}
