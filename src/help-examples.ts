/** What `--help` of each command ends with. */
export const examples = {
  login: `
Examples:
  entra-login login --tenant contoso.com --client-id CLIENT-ID
  entra-login login                          again, with the settings of before
  entra-login login --port 0                 on any free port
  entra-login login --no-browser             prints the URL; for ssh -L
  entra-login login --device-code            a code for a browser on any device
  entra-login login --manual                 reads the address pasted back`,
  whoami: `
Examples:
  entra-login whoami
  entra-login whoami --claim oid             one value, for scripts
  entra-login whoami --check                 proves that the account still works
  entra-login whoami --userinfo              asks the UserInfo endpoint`,
  token: `
Examples:
  entra-login token --output header | curl -H @- https://graph.microsoft.com/v1.0/me
  entra-login token --resource https://management.azure.com
  entra-login token --json                   with expiry, scopes and account
  entra-login token --refresh                renews it even if it is valid
  entra-login token --client-credentials --resource https://management.azure.com
  entra-login token --managed-identity --resource https://vault.azure.net`,
  exec: `
Examples:
  entra-login exec -- node app.js            with ENTRA_ACCESS_TOKEN set
  entra-login exec --resource https://management.azure.com -- ./deploy.sh`,
  gitCredential: `
Examples:
  git config --global credential.https://dev.azure.com.helper '!entra-login git-credential'`,
  logout: `
Examples:
  entra-login logout
  entra-login logout --all
  entra-login logout --end-browser-session   also ends the browser's sign-on`,
  setup: `
Examples:
  entra-login setup                          asks, checks, signs in
  entra-login setup --profile work           the same for another profile
  entra-login setup --tenant contoso.com --client-id CLIENT-ID --no-login
  read -rs SECRET && printf %s "$SECRET" | entra-login setup --platform web \\
    --tenant contoso.com --client-id CLIENT-ID --client-secret-stdin`,
  doctor: `
Examples:
  entra-login doctor                         finds what is wrong, and its mend
  entra-login doctor --json                  for scripts; exit 9 if one failed
  entra-login doctor --timeout 30s           gives a slow network more time`,
  status: `
Examples:
  entra-login status                         every profile and its account
  entra-login status --check                 proves that each still works
  entra-login status --json --profile work`,
  profile: `
Examples:
  entra-login profile list
  entra-login profile show work
  entra-login profile use work               from now on
  entra-login profile remove work            with account and client secret`,
  config: `
Examples:
  entra-login config
  entra-login config --profile work --json
  entra-login config --tenant contoso.com    what a command with it would use
  entra-login config --schema project        a JSON Schema, for editors`,
  explain: `
Examples:
  entra-login explain AADSTS50011            or 50011, a URL, a whole error text
  entra-login token 2>&1 | entra-login explain
  entra-login explain                        asks for the text, unseen

Several codes are explained one by one; --json explains the first that is known.
A code that is not known here is exit 2, with the page to look it up, unless
Entra's own description was pasted with it.`,
  decode: `
Examples:
  entra-login token | entra-login decode
  entra-login decode --verify < token.txt    signature, issuer and times too
  entra-login decode                         asks for the token, unseen

In --json, "verified" is true after --verify and null without it; a check that
fails is exit 4 and prints no JSON. The keys are those of --tenant (else of the
settings, else of the token) at the authority host of the settings.`,
  completion: `
Examples:
  source <(entra-login completion bash)      in ~/.bashrc
  source <(entra-login completion zsh)       in ~/.zshrc, after compinit
  entra-login completion fish | source       in ~/.config/fish/config.fish
  entra-login completion powershell | Out-String | Invoke-Expression

The last one belongs in $PROFILE. Profile names are those of config.json and of
the file store; a keychain is not asked, it may be locked.`,
  demo: `
Examples:
  entra-login demo                           a whole sign-in, without a tenant
  entra-login demo --serve                   keeps the emulator up`,
};
