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
    [InlineData("bu\u0308cher.example", "xn--bcher-kva.example")]
    [InlineData("\u304c.jp", "xn--v8j.jp")]
    [InlineData("\u304b\u3099.jp", "xn--v8j.jp")]
    [InlineData("ﬁ.com", "fi.com")]
    [InlineData("ＡＣＭＥ．com", "acme.com")]
    [InlineData("acme。com", "acme.com")]
    [InlineData("ac\u00adme.com", "acme.com")]
    [InlineData("faß.de", "xn--fa-hia.de")]
    [InlineData("fa.xn--p1ai", "fa.xn--p1ai")]
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
    [InlineData("10.0.0.0x1")]
    [InlineData("0x7f.1")]
    [InlineData("１０.０.０.１")]
    [InlineData("acme.1a")]
    [InlineData("acme.localhost")]
    [InlineData("xn--fi-hia0.xn--a")]
    [InlineData("xn--acme-.com")]
    [InlineData("xn--a.com")]
    [InlineData("\u0308a.example")]
    [InlineData("a\u200db.example")]
    [InlineData("ab--ü.example")]
    [InlineData("-ü.example")]
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
    [InlineData("ada@\u304b\u3099.jp", "ada@xn--v8j.jp")]
    [InlineData("ada@ﬁ.com", "ada@fi.com")]
    public void Should_take_one_mailbox(string email, string expected) =>
        Commands.Validate(Commands.Valid with { AdminEmail = email }, out _)!.AdminEmail.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("ada")]
    [InlineData("@acme.com")]
    [InlineData("ada@")]
    [InlineData("ada@localhost")]
    [InlineData("ada%x@acme.com")]
    [InlineData("ada@10.0.0.1")]
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
