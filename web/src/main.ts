import { mount } from 'svelte';
import App from './App.svelte';
import { signIn } from './api/signin.svelte';
import { language } from './language/language.svelte';
import { navigation } from './routing/navigation.svelte';
import { scheme } from './style/scheme.svelte';
import './style/tokens.css';
import './style/base.css';

scheme.start();
navigation.start();
const target = document.getElementById('app');
if (!target) throw new Error('the page has no place for the console');
// Both are needed for the first honest picture; neither may keep it away for long.
await Promise.all([language.start(), signIn.ask()]);
mount(App, { target });
