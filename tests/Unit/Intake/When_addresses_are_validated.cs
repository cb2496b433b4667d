using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_addresses_are_validated
{
    private static readonly string Label63 = new('a', 63);

    [Theory]
    [InlineData("acme.com", "acme.com")]
    [InlineData("Portal.ACME.com", "portal.acme.com")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("BÜCHER.example", "xn--bcher-kva.example")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("例え.jp", "xn--r8jz45g.jp")]
    [InlineData("1.acme.co", "1.acme.co")]
    public void Should_give_domains_one_spelling(string domain, string expected) =>
        Commands.Validate(Commands.Valid with { Domain = domain }, out _)!.Domain.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("acme")]
    [InlineData("acme.")]
    [InlineData(".acme.com")]
    [InlineData("acme..com")]
    [InlineData("acme.com.")]
    [InlineData("-acme.com")]
    [InlineData("acme-.com")]
    [InlineData("ac_me.com")]
    [InlineData("acme.com:443")]
    [InlineData("https://acme.com")]
    [InlineData("acme.com/path")]
    [InlineData("*.acme.com")]
    [InlineData("10.0.0.1")]
    [InlineData("acme.com\n")]
    [InlineData("acme.com\r\nHost: evil")]
    [InlineData("acme .com")]
    [InlineData("ac\0me.com")]
    [InlineData("bu\u0308cher.example")]
    [InlineData("\ufffd.example")]
    [InlineData("snow☃man.example")]
    public void Should_refuse_an_invalid_domain(string domain) =>
        Commands.Faults(Commands.Valid with { Domain = domain }).ShouldBe("/domain");

    [Fact]
    public void Should_limit_domains()
    {
        var longest = string.Join('.', Label63, Label63, Label63, new string('b', 61));

        Commands.Faults(Commands.Valid with { Domain = longest }).ShouldBe("");
        Commands.Faults(Commands.Valid with { Domain = longest + "b" }).ShouldBe("/domain");
        Commands.Faults(Commands.Valid with { Domain = Label63 + "a.com" }).ShouldBe("/domain");
    }

    [Theory]
    [InlineData("portal", "portal")]
    [InlineData("Portal-1", "portal-1")]
    [InlineData("7", "7")]
    public void Should_take_one_label_as_subdomain(string subdomain, string expected) =>
        Commands.Validate(Commands.Valid with { Subdomain = subdomain }, out _)!.Subdomain.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a_b")]
    [InlineData("ü")]
    [InlineData("a\n")]
    public void Should_refuse_other_subdomains(string subdomain) =>
        Commands.Faults(Commands.Valid with { Subdomain = subdomain }).ShouldBe("/subdomain");

    [Fact]
    public void Should_limit_subdomains()
    {
        Commands.Faults(Commands.Valid with { Subdomain = Label63 }).ShouldBe("");
        Commands.Faults(Commands.Valid with { Subdomain = Label63 + "a" }).ShouldBe("/subdomain");
    }

    [Theory]
    [InlineData("ada@acme.com", "ada@acme.com")]
    [InlineData("Ada.Love+lace@ACME.com", "Ada.Love+lace@acme.com")]
    [InlineData("o'neil@bücher.example", "o'neil@xn--bcher-kva.example")]
    public void Should_take_one_mailbox(string email, string expected) =>
        Commands.Validate(Commands.Valid with { AdminEmail = email }, out _)!.AdminEmail.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("ada")]
    [InlineData("@acme.com")]
    [InlineData("ada@")]
    [InlineData("ada@localhost")]
    [InlineData("ada@acme.com\r\nBcc: all@acme.com")]
    [InlineData("ada\n@acme.com")]
    [InlineData("ada@acme.com, bob@acme.com")]
    [InlineData("ada@acme.com;bob@acme.com")]
    [InlineData("Ada <ada@acme.com>")]
    [InlineData("<ada@acme.com>")]
    [InlineData("ada@bob@acme.com")]
    [InlineData("\"a b\"@acme.com")]
    [InlineData(".ada@acme.com")]
    [InlineData("ada.@acme.com")]
    [InlineData("a..da@acme.com")]
    [InlineData("ada @acme.com")]
    [InlineData(" ada@acme.com")]
    [InlineData("ada@acme.com ")]
    [InlineData("ada@[10.0.0.1]")]
    [InlineData("adä@acme.com")]
    [InlineData("ada@acme.com\0")]
    public void Should_refuse_anything_else_as_email(string email) =>
        Commands.Faults(Commands.Valid with { AdminEmail = email }).ShouldBe("/adminEmail");

    [Theory]
    [InlineData(64, 189, true)]
    [InlineData(65, 100, false)]
    [InlineData(64, 190, false)]
    public void Should_limit_emails(int local, int domain, bool good)
    {
        var labels = string.Join('.', Label63, Label63, new string('b', 61)) + ".";
        var address = $"{new string('a', local)}@{labels[..(domain - 4)].TrimEnd('.')}.com";
        address = good && address.Length < 254 ? address.Replace(".com", ".comm", StringComparison.Ordinal) : address;

        Commands.Faults(Commands.Valid with { AdminEmail = address }).ShouldBe(good ? "" : "/adminEmail");
    }
}
